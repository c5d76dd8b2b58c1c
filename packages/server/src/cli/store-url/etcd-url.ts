import type { EtcdObjectStoreOptions } from '@kube-authn/store/etcd'

/** The options that a value of `--store` names; otherwise what is wrong with it. */
export type EtcdUrl =
  | { readonly options: EtcdObjectStoreOptions; readonly shown: string }
  | { readonly problem: string }

/** `etcd://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...][/PREFIX][?caFile=FILE&certFile=FILE&keyFile=FILE]` */
const FORM = /^etcd(\+http)?:\/\/(?:([^@/?]*)@)?([^@/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/
const FILES: ReadonlySet<string> = new Set(['caFile', 'certFile', 'keyFile'])

/**
 * Reads a URL of etcd. `etcd` is HTTPS; `etcd+http` is plain HTTP, and for the machine itself only, since anyone on the way could read and change everything.
 * What is wrong is said without the value, which may have a password.
 */
export function readEtcdUrl(value: string): EtcdUrl {
  const [, plain, user, hosts = '', path, query = ''] = FORM.exec(value) ?? []
  if (hosts === '') return { problem: 'must be etcd://HOST:PORT' }
  const scheme = plain === undefined ? 'https' : 'http'
  const endpoints = hosts.split(',').map((host) => `${scheme}://${host}`)
  const urls = endpoints.flatMap((each) => (URL.canParse(each) ? [new URL(each)] : []))
  if (urls.length < endpoints.length) return { problem: 'must have hosts of the form HOST:PORT' }
  if (plain !== undefined && !urls.every(({ hostname }) => isLoopback(hostname))) {
    return {
      problem: 'must be etcd://, which is HTTPS: etcd+http:// is for the addresses of this machine only',
    }
  }
  const files = [...new URLSearchParams(query)]
  const isUnknown = files.some(([name, file]) => !FILES.has(name) || file === '')
  if (isUnknown || new Set(files.map(([name]) => name)).size < files.length) {
    return { problem: 'must have no other parameters than caFile, certFile and keyFile, each once' }
  }
  const credentials = user === undefined ? {} : credentialsOf(user)
  if (credentials === undefined) return { problem: 'must have USER:PASSWORD before the @, percent-encoded' }
  const options = {
    endpoints,
    allowInsecureHttp: plain !== undefined,
    ...(path !== undefined && path !== '/' && { prefix: path.endsWith('/') ? path : `${path}/` }),
    ...credentials,
    ...Object.fromEntries(files),
  }
  return { options, shown: `etcd${plain ?? ''}://${hosts}${path ?? ''}` }
}

function credentialsOf(user: string): { readonly username: string; readonly password: string } | undefined {
  const [, name = '', secret = ''] = /^([^:]+):(.+)$/.exec(user) ?? []
  try {
    const [username, password] = [decodeURIComponent(name), decodeURIComponent(secret)]
    return username === '' || password === '' ? undefined : { username, password }
  } catch {
    return undefined
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
