import type { ConfigurationProblem } from '@kube-authn/core'
import { must } from '@kube-authn/core/internal'
import type { OptionsShape } from '@kube-authn/core/adapter'
import { DEFAULT_NAME } from './provider/provider.ts'

/** The paths of a login. All are paths of the origin, as a browser sees them. */
export interface LoginPaths {
  /** Begins a login: a redirect to the provider, or the page to choose one. Default `/login`. */
  readonly login?: string
  /** Where providers send people back; `/{name}` follows for a provider with a name. Default `/login/callback`. */
  readonly callback?: string
  /** Ends the session by `POST`; `GET` shows a form that asks. Default `/logout`. */
  readonly logout?: string
  /** The page after a logout, to which providers return. Default `/logout/done`. */
  readonly loggedOut?: string
  /** Back-channel logout, for the provider. Default `/logout/backchannel`. */
  readonly backChannelLogout?: string
  /** Front-channel logout, for the provider. Default `/logout/frontchannel`. */
  readonly frontChannelLogout?: string
}

const aPath = must(
  'must be a path, such as /login',
  (value) => typeof value === 'string' && /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/.test(value),
)

export const pathsShape: OptionsShape<LoginPaths> = {
  login: aPath,
  callback: aPath,
  logout: aPath,
  loggedOut: aPath,
  backChannelLogout: aPath,
  frontChannelLogout: aPath,
}

export const DEFAULT_PATHS: Required<LoginPaths> = {
  login: '/login',
  callback: '/login/callback',
  logout: '/logout',
  loggedOut: '/logout/done',
  backChannelLogout: '/logout/backchannel',
  frontChannelLogout: '/logout/frontchannel',
}

/** Routes of one path. @param callbacks the path of callbacks, and those of the providers. */
export function pathProblems(
  routes: LoginPaths,
  callbacks: readonly string[],
): readonly ConfigurationProblem[] {
  const paths = { ...DEFAULT_PATHS, ...routes }
  const seen = new Map<string, string>(callbacks.map((path) => [path, 'callback']))
  return Object.entries(paths).flatMap(([name, path]) => {
    const other = name === 'callback' ? undefined : seen.get(path)
    if (other === undefined) seen.set(path, name)
    return other === undefined ? [] : [{ path: `routes.${name}`, message: `is the path of ${other} too` }]
  })
}

/** The path of the redirect URI of a provider. */
export function callbackPath(base: string, name: string): string {
  return name === DEFAULT_NAME ? base : `${base}/${name}`
}
