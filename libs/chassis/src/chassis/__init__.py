"""The microservice chassis: what every service needs and none should write again. Plumbing only, not one noun of the domain."""
