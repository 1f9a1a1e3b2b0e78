"""The web pages and the read model behind them."""
