using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "app", worker = .app),
    (name = "issuer", network = (
      allow = ["private"],
      tlsOptions = (trustedCertificates = [embed "issuer-ca.crt"]),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "app")],
);

const app :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "issuer",
  bindings = [(name = "ISSUER", fromEnvironment = "ISSUER")],
);
