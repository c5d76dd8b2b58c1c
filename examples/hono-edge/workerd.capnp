# The Worker on Cloudflare's runtime without Cloudflare. `npm start` puts the embedded files next to a copy of this file.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "app", worker = .app),
    # Allows issuers on this machine, with certificates of their own CA.
    (name = "outside", network = (
      allow = ["public", "private"],
      tlsOptions = (trustBrowserCas = true, trustedCertificates = [embed "issuer-ca.crt"]),
    )),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:8787", http = (), service = "app"),
    # Emulates Cloudflare's edge, with its data in a header. Clients of this port can act as any user.
    (name = "edge", address = "127.0.0.1:8788", http = (cfBlobHeader = "CF-Blob"), service = "app"),
  ],
);

const app :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  # The app does not use Node.js compatibility, which this compatibility date would allow.
  compatibilityFlags = ["no_nodejs_compat", "no_nodejs_compat_v2"],
  globalOutbound = "outside",
  bindings = [
    (name = "TOKENS_CSV", fromEnvironment = "TOKENS_CSV"),
    (name = "OIDC_ISSUER", fromEnvironment = "OIDC_ISSUER"),
    (name = "SERVICE_ACCOUNT_ISSUER", fromEnvironment = "SERVICE_ACCOUNT_ISSUER"),
    (name = "AUDIENCE", fromEnvironment = "AUDIENCE"),
  ],
);
