"""How models were trained to be told of tools, to call them and to be given results."""
