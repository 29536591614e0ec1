"""What happens to a request between HTTP and the models; it knows neither HTTP nor network."""
