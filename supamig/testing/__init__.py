"""What the demo, the tests and authors of plugins use: real servers, and a project to move."""
