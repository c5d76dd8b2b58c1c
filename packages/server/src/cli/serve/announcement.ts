import { resolve } from 'node:path'
import type { Style } from '../terminal/style.ts'

/** What a person or a program must know to use the server. */
export interface Announcement {
  /** The URL for clients. */
  readonly server: string
  /** The URL of plain HTTP. */
  readonly insecureServer?: string
  /** Absolute, as are the other paths. */
  readonly dataDir: string
  readonly kubeconfig: string
  /** Absent: the objects are in memory. */
  readonly store?: string
}

/** For people: where the server is, and lines to paste. */
export function announcementText(
  { server, insecureServer, dataDir, kubeconfig, store }: Announcement,
  style: Style,
): string {
  const folder = resolve(dataDir)
  return `${style('bold', `kube-authn serves the Kubernetes API at ${server}`)}
${insecureServer === undefined ? '' : `and with plain HTTP at ${insecureServer}\n`}
  objects     ${store ?? 'in memory: they end with this process'}
  keys        ${folder}
  kubeconfig  ${kubeconfig} (system:masters: it may do everything)

In another terminal:

  export KUBECONFIG=${shellQuoted(kubeconfig)}
  kubectl auth whoami
  kubectl create serviceaccount jenkins
  kubectl create token jenkins
  kubectl get serviceaccounts,secrets

Ctrl+C stops it.
`
}

function shellQuoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
