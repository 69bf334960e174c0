"""The EVMs behind one interface: py-evm, py-evm with a compiled loop, and revm."""
