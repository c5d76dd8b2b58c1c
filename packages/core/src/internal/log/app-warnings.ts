import type { Log } from '../../authenticator/log.ts'
import { writeNotice } from './notices.ts'

/** The codes of likely mistakes in the app, which a request or the start revealed. */
type Code =
  `KUBE_AUTHN_${'NO_USER' | 'NO_SESSION' | 'OPEN_UPGRADES' | 'PREFLIGHT' | 'UNLOGGED' | 'UPGRADES_LACK' | 'USER_REPLACED'}`

const WARNINGS: Readonly<Record<Code, string>> = {
  KUBE_AUTHN_NO_USER:
    'impersonation(...), authorization(...) or reviews(...) received a request without a user: put authentication(...) before them, ' +
    'or set their option user',
  KUBE_AUTHN_NO_SESSION:
    'passport.authenticate(...) stores the user in a session, and the request has none: pass { session: false }, since every request is ' +
    'authenticated by its own credential',
  KUBE_AUTHN_OPEN_UPGRADES:
    'authenticateUpgrade(...) has neither authorization nor guard, so every authenticated user may open a connection: upgrades pass no ' +
    'middleware of the app, such as authorization(...), requireGroups(...) and rate limits. Give it one of them, or guard: () => true',
  KUBE_AUTHN_PREFLIGHT:
    'authentication(...) answered a CORS preflight with 401, since browsers send no credentials with it: to allow other origins, put the ' +
    'CORS middleware before authentication(...)',
  KUBE_AUTHN_UNLOGGED:
    'a request was refused, and in production that is not logged: pass { log: console }, or another logger, to find out why; ' +
    '{ log: false } leaves this notice out',
  KUBE_AUTHN_UPGRADES_LACK:
    'authenticateUpgrade(...) lacks options that authentication(...) has with the same authenticator (WHERE): upgrades pass no ' +
    'middleware of the app, so give it the same',
  KUBE_AUTHN_USER_REPLACED:
    'authentication(...) replaced the WHERE that an earlier middleware, such as passport.session(), had set: ' +
    'use one of them per route, or add fromPassport(...) to the chain to use both',
}

/**
 * Says once what is likely a mistake in the app. The notice contains nothing from the request, which an attacker may control.
 *
 * @param where the property of a replaced user, such as `req.user`, or the options that upgrades lack.
 */
export function advise(log: Log | undefined, code: Code, where = ''): void {
  if (log !== false) writeNotice(log, { code, message: WARNINGS[code].replaceAll('WHERE', where) })
}
