import type { Log } from '../../authenticator/log.ts'
import { writeNotice } from './notices.ts'

/** Likely mistakes in the app, which a request or the start revealed: their codes and messages. */
const WARNINGS = {
  noUser: {
    code: 'KUBE_AUTHN_NO_USER',
    message: (): string =>
      'impersonation(...), authorization(...) or reviews(...) received a request without a user: put authentication(...) before them, ' +
      'or set their option user',
  },
  noSession: {
    code: 'KUBE_AUTHN_NO_SESSION',
    message: (): string =>
      'passport.authenticate(...) stores the user in a session, and the request has none: pass { session: false }, since every request is ' +
      'authenticated by its own credential',
  },
  openUpgrades: {
    code: 'KUBE_AUTHN_OPEN_UPGRADES',
    message: (): string =>
      'authenticateUpgrade(...) has neither authorization nor guard, so every authenticated user may open a connection: upgrades pass no ' +
      'middleware of the app, such as authorization(...), requireGroups(...) and rate limits. Give it one of them, or guard: () => true',
  },
  preflight: {
    code: 'KUBE_AUTHN_PREFLIGHT',
    message: (): string =>
      'authentication(...) answered a CORS preflight with 401, since browsers send no credentials with it: to allow other origins, put the ' +
      'CORS middleware before authentication(...)',
  },
  upgradesLack: {
    code: 'KUBE_AUTHN_UPGRADES_LACK',
    message: (where: string): string =>
      `authenticateUpgrade(...) lacks options that authentication(...) has with the same authenticator (${where}): upgrades pass no ` +
      'middleware of the app, so give it the same',
  },
  userReplaced: {
    code: 'KUBE_AUTHN_USER_REPLACED',
    message: (where: string): string =>
      `authentication(...) replaced the ${where} that an earlier middleware, such as passport.session(), had set: ` +
      'use one of them per route, or add fromPassport(...) to the chain to use both',
  },
}

/**
 * Says once what is likely a mistake in the app. The notice contains nothing from the request, which an attacker may control.
 *
 * @param where the property of a replaced user, such as `req.user`, or the options that upgrades lack.
 */
export function advise(log: Log | undefined, warning: keyof typeof WARNINGS, where = ''): void {
  const { code, message } = WARNINGS[warning]
  if (log !== false) writeNotice(log, { code, message: message(where) })
}
