"""A course certificate as a PDF of one page, written by hand: a sandbox needs no PDF library."""

from dev.sandbox.milady.domain import Enrollment, Student

_WIDTH, _HEIGHT = 792, 612


def certificate_pdf(student: Student, enrollment: Enrollment) -> bytes:
    """Give the certificate of a completed enrollment. Letters outside of Windows-1252 become `?`: the base fonts lack them."""
    hours = f"{enrollment.course.hundredths / 100:.2f} hours, completed on {(enrollment.completed_at or '')[:10]}"
    lines = [
        ("F2", 30, 440, "Certificate of Completion"),
        ("F1", 14, 390, "This certifies that"),
        ("F2", 24, 350, student.name),
        ("F1", 14, 310, "has completed the course"),
        ("F2", 20, 275, enrollment.course.title),
        ("F1", 14, 240, hours),
        ("F1", 10, 110, f"Certificate {enrollment.certificate_id}. Made by the sandbox of Milady CIMA; it certifies nothing."),
    ]
    frame = b"2 w 36 36 720 540 re S 0.5 w 44 44 704 524 re S\n"
    return _document(frame + b"".join(_text(*line) for line in lines))


def _text(font: str, size: int, y: int, text: str) -> bytes:
    escaped = text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return f"BT /{font} {size} Tf 80 {y} Td (".encode() + escaped.replace(b"\r", b" ").replace(b"\n", b" ") + b") Tj ET\n"


def _document(content: bytes) -> bytes:
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] /Contents 6 0 R"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"{page} /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
        f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"endstream",
    ]
    # The second line tells programs that carry files about that this one is binary.
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
