"""The same work over many repositories, each on its own: what fails in one stays there, and what is done is kept."""
