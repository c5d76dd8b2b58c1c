import { endpointFetch, readKubeconfig } from '@kube-authn/node'

/** Requests to an API server, as the administrator of a kubeconfig. */
export interface Api {
  /** The answer, as JSON. @throws {Error} if there is none, or it is a failure. */
  call(method: string, path: string, body?: object): Promise<unknown>
  /** The text of a GET; empty if there is none. */
  text(path: string): Promise<string>
  /** The status of a GET; 0 if there is no answer. `token`: as its user. */
  status(path: string, token?: string): Promise<number>
  close(): void
}

const TIMEOUT_SECONDS = 5

/**
 * The credentials of a kubeconfig.
 *
 * @param server another address than that of the kubeconfig.
 */
export function apiAt(kubeconfig: string, server: string): Api {
  const endpoint = readKubeconfig(kubeconfig)
  const { cert: _cert, key: _key, certFile: _certFile, keyFile: _keyFile, ...anonymous } = endpoint
  const options = { timeoutSeconds: TIMEOUT_SECONDS }
  const admin = endpointFetch({ ...endpoint, server }, options)
  const other = endpointFetch({ ...anonymous, server }, options)
  return {
    async call(method, path, body) {
      const response = await admin(`${server}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const answer: unknown = await response.json()
      if (!response.ok)
        throw new Error(`${method} ${path}: ${response.status} ${String(at(answer, 'message'))}`)
      return answer
    },
    async text(path) {
      try {
        return await (await admin(`${server}${path}`)).text()
      } catch {
        return ''
      }
    },
    async status(path, token) {
      const fetch = token === undefined ? admin : other
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
      try {
        const response = await fetch(`${server}${path}`, { headers })
        await response.arrayBuffer()
        return response.status
      } catch {
        return 0
      }
    },
    close() {
      admin.close()
      other.close()
    },
  }
}

/** A member of a member of ... an object; `undefined` if there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (object, name) =>
      typeof object === 'object' && object !== null && Object.hasOwn(object, name)
        ? Reflect.get(object, name)
        : undefined,
    value,
  )
}
