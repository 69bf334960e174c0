"""Print and plot the results of simulations."""
