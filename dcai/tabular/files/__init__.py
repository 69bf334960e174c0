"""Read and write files of rows: CSV, Parquet, Arrow, numpy and svmlight."""
