/** A bootstrap token, in its two parts. */
export interface BootstrapTokenParts {
  /** Names the secret that the token is kept in. It is no secret itself. */
  readonly id: string
  readonly secret: string
}

/** Characters of a token: lower-case letters and digits. */
export const TOKEN_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'
/** How many characters the id of a token has. */
export const TOKEN_ID_LENGTH = 6
/** How many characters the secret part of a token has. */
export const TOKEN_SECRET_LENGTH = 16

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const SECRET_NAME = /^bootstrap-token-([a-z0-9]{6})$/

/**
 * The parts of a token such as `abcdef.0123456789abcdef`; `undefined` for any other text.
 *
 * Source: cluster-bootstrap `token/api/types.go`, BootstrapTokenPattern.
 */
export function parseBootstrapToken(text: string): BootstrapTokenParts | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** The name of the secret that the token of this id is kept in. */
export function bootstrapSecretName(id: string): string {
  return `bootstrap-token-${id}`
}

/**
 * The id of the token that a secret of this name keeps; `undefined` when it keeps none.
 *
 * Source: cluster-bootstrap `util/secrets/secrets.go`, ParseName.
 */
export function tokenIdOfSecretName(name: string): string | undefined {
  return SECRET_NAME.exec(name)?.[1]
}
