# The classes of dcai._kernels, one file a model: stubs alone, there is no such package at run time.
