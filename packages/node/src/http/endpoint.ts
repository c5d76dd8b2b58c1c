/** A text in PEM, or a file with one, which is read again when it changes. */
export type PemSource = { readonly pem: string } | { readonly path: string }

/** How connections are made. */
export interface Transport {
  /** Who may issue the server's certificate, instead of the authorities that come with Node. */
  readonly ca?: PemSource
  /** The name in the server's certificate, and in SNI. Default: the host of the URL. */
  readonly serverName?: string
  /** Believe any server. It can then be anybody, and sees what is sent. Default `false`. */
  readonly insecureSkipTlsVerify?: boolean
  /** Shown to a server that asks for one. The key must not be encrypted. */
  readonly clientCertificate?: { readonly certificate: PemSource; readonly key: PemSource }
  /** An `http` or `https` proxy, by `CONNECT`; it may have a user name and a password in it. Default: none. */
  readonly proxyUrl?: string
}

/**
 * What is sent as `Authorization`, over `https` only. A token in a file is read again about once a minute; `token` stands in
 * for a file that cannot be read yet.
 */
export type Credential =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'tokenFile'; readonly path: string; readonly token?: string }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }

/**
 * A server, and everything that it takes to talk to it: what a kubeconfig comes down to, and what a pod finds in its
 * environment. It holds secrets, so do not log it.
 *
 * Source: client-go `rest/config.go` Config.
 */
export interface Endpoint extends Transport {
  /** An absolute URL, used as it is. */
  readonly server: string
  readonly credential?: Credential
}
