"""The rewrite as a branch of reviewable commits, pushed and opened as a pull request (on GitLab: merge request)."""
