"""One component a file; what they have in common is that nothing is made before the gate passed."""
