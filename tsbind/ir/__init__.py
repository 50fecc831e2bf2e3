"""What an API is, independent of OpenAPI, TypeScript and Python."""
