/** The two parts of a bootstrap token. */
export interface BootstrapTokenParts {
  /** Identifies the secret with the token. It is not confidential. */
  readonly id: string
  readonly secret: string
}

/** The characters of a token. */
export const TOKEN_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
export const TOKEN_ID_LENGTH = 6
export const TOKEN_SECRET_LENGTH = 16

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const SECRET_NAME = /^bootstrap-token-([a-z0-9]{6})$/

/**
 * Parses a token such as `abcdef.0123456789abcdef`; returns `undefined` for any other string.
 *
 * Source: cluster-bootstrap `token/api/types.go`, BootstrapTokenPattern.
 */
export function parseBootstrapToken(text: string): BootstrapTokenParts | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** The name of the secret that stores the token with this id. */
export function bootstrapSecretName(id: string): string {
  return `bootstrap-token-${id}`
}

/**
 * The id of the token in a secret of this name; `undefined` if the name is not that of a bootstrap token secret.
 *
 * Source: cluster-bootstrap `util/secrets/secrets.go`, ParseName.
 */
export function tokenIdOfSecretName(name: string): string | undefined {
  return SECRET_NAME.exec(name)?.[1]
}
