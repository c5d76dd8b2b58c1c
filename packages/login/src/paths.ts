import { must, type OptionsShape } from '@kube-authn/core/internal/shared'

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
  (value) => typeof value === 'string' && /^(?:\/[\w.~-]+)+$/.test(value),
)

/** The checks of {@link LoginPaths}. */
export const pathsShape: OptionsShape<LoginPaths> = {
  login: aPath,
  callback: aPath,
  logout: aPath,
  loggedOut: aPath,
  backChannelLogout: aPath,
  frontChannelLogout: aPath,
}

/** The defaults of {@link LoginPaths}. */
export const DEFAULT_PATHS: Required<LoginPaths> = {
  login: '/login',
  callback: '/login/callback',
  logout: '/logout',
  loggedOut: '/logout/done',
  backChannelLogout: '/logout/backchannel',
  frontChannelLogout: '/logout/frontchannel',
}
