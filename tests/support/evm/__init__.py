"""Random EVM programs, and the engines and the executable specification that run them."""
