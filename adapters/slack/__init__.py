"""Slack, behind the port: slack-bolt's and slack-sdk's types stop in this package."""
