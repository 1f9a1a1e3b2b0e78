"""What onboarding reads. Row-level security decides what of it the one who acts gets to see."""

from onboarding.queries import assignments, enrollments, papers, partners, payroll, people, programs

__all__ = ["assignments", "enrollments", "papers", "partners", "payroll", "people", "programs"]
