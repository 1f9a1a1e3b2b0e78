"""Partners, documents and signatures, programs, enrollments and assignments."""
