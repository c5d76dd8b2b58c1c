import { Failure } from '../failure.ts'
import type { LoginOptions } from './options.ts'

/** @throws {Failure} if an option of a login is invalid. */
export function checkLogin({ redirectPort, issuerUrl, clientId, scope }: LoginOptions): void {
  if (!/^\d{1,5}$/.test(redirectPort) || Number(redirectPort) > 65_535) {
    throw new Failure('--redirect-port: must be a port, or 0 for any')
  }
  if (!URL.canParse(issuerUrl) || new URL(issuerUrl).protocol !== 'https:') {
    throw new Failure('--issuer-url: must be an https URL')
  }
  if (clientId === '') throw new Failure('--client-id: must not be empty')
  if (scope.some((each) => !/^[!#-[\]-~]+$/.test(each))) {
    throw new Failure('--scope: must be one scope; repeat --scope for several')
  }
}
