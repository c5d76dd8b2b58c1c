import type { Log } from '../../authenticator/log.ts'
import { writeNotice } from './notices.ts'

/** A likely mistake in the app, which a request or the start revealed. */
export type AppWarning =
  | 'noUser'
  | 'noSession'
  | 'openUpgrades'
  | 'preflight'
  | 'upgradesLack'
  | 'userReplaced'

const CODES = {
  noUser: 'KUBE_AUTHN_NO_USER',
  noSession: 'KUBE_AUTHN_NO_SESSION',
  openUpgrades: 'KUBE_AUTHN_OPEN_UPGRADES',
  preflight: 'KUBE_AUTHN_PREFLIGHT',
  upgradesLack: 'KUBE_AUTHN_UPGRADES_LACK',
  userReplaced: 'KUBE_AUTHN_USER_REPLACED',
} as const satisfies Readonly<Record<AppWarning, string>>

/**
 * Says once what is likely a mistake in the app. The notice contains nothing from the request, which an attacker may control.
 *
 * @param where the property of a replaced user, such as `req.user`, or the options that upgrades lack.
 */
export function advise(log: Log | undefined, warning: AppWarning, where = ''): void {
  if (log !== false) writeNotice(log, { code: CODES[warning], message: textOf(warning, where) })
}

function textOf(warning: AppWarning, where: string): string {
  switch (warning) {
    case 'noUser':
      return (
        'impersonation(...), authorization(...) or reviews(...) received a request without a user: put authentication(...) before them, ' +
        'or set their option user'
      )
    case 'noSession':
      return (
        'passport.authenticate(...) stores the user in a session, and the request has none: pass { session: false }, since every request is ' +
        'authenticated by its own credential'
      )
    case 'openUpgrades':
      return (
        'authenticateUpgrade(...) has neither authorization nor guard, so every authenticated user may open a connection: upgrades pass no ' +
        'middleware of the app, such as authorization(...), requireGroups(...) and rate limits. Give it one of them, or guard: () => true'
      )
    case 'upgradesLack':
      return (
        `authenticateUpgrade(...) lacks options that authentication(...) has with the same authenticator (${where}): upgrades pass no ` +
        'middleware of the app, so give it the same'
      )
    case 'preflight':
      return (
        'authentication(...) answered a CORS preflight with 401, since browsers send no credentials with it: to allow other origins, put the ' +
        'CORS middleware before authentication(...)'
      )
    case 'userReplaced':
      return (
        `authentication(...) replaced the ${where} that an earlier middleware, such as passport.session(), had set: ` +
        'use one of them per route, or add fromPassport(...) to the chain to use both'
      )
  }
}
