"""The frame of the sandbox's pages."""

from fastapi.responses import HTMLResponse

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #1d2430; background: #fff }
table { border-collapse: collapse; width: 100%; margin-block: 1rem } caption { text-align: left; font-weight: 600 }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #cfd6e0; vertical-align: top }
progress { width: 8rem } button { font: inherit; padding: .25rem .7rem } code { background: #eef1f5; padding: 0 .25rem }
"""


def page(title: str, body: str, status: int = 200) -> HTMLResponse:
    """Give a whole page; `title` is plain text, `body` is HTML whose texts are escaped already."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
    html = f'<!doctype html><html lang="en"><head>{head}</head><body><main><h1>{title}</h1>{body}</main></body></html>'
    return HTMLResponse(html, status, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
