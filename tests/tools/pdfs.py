"""PDFs as small as they can be: a page for each text, by the rules of ISO 32000-1."""

import io

from pypdf import PdfWriter


def pdf(*pages: str) -> bytes:
    """A PDF with these texts; an empty one is a page without text, as of a scanner."""
    kids = range(3, 3 + 2 * len(pages), 2)
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode(),
    }
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    for kid, text in zip(kids, pages, strict=True):
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {kid + 1} 0 R /Resources {font} >>"
        shown = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode() if text else b""
        objects |= {kid: page.encode(), kid + 1: b"<< /Length %d >>\nstream\n%b\nendstream" % (len(shown), shown)}
    body, places = b"%PDF-1.4\n", []
    for number, content in objects.items():
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    lines = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%btrailer << /Size %d /Root 1 0 R >>\n" % (size, lines, size)
    return body + table + b"startxref\n%d\n%%%%EOF" % len(body)


def encrypted(content: bytes, password: str) -> bytes:
    """The PDF under a password for who reads it; an empty one only keeps it from being changed."""
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(password, "owner")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
