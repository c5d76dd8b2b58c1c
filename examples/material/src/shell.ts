import { relative } from 'node:path'
import type { Material } from './prepare-material.ts'

/** Quotes one word for a POSIX shell. */
export function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** A path relative to the current folder, quoted. */
export function near(path: string): string {
  return quote(relative(process.cwd(), path))
}

/** A `curl` command that prints the response only, or why there is none. */
export function curl(url: string, ...options: readonly string[]): string {
  return ['curl --silent --show-error', ...options, url].join(' ')
}

/** Options of `curl`: a bearer token. */
export function bearer(token: string): string {
  return header(`Authorization: Bearer ${token}`)
}

/** Options of `curl`: a name and a password. */
export function basic(username: string, password: string): string {
  return `--user ${quote(`${username}:${password}`)}`
}

/** Options of `curl`: a header, with its name. */
export function header(line: string): string {
  return `--header ${quote(line)}`
}

/** Options of `curl`: a client certificate of the material. */
export function clientCertificate(material: Pick<Material, 'path'>, name: string): string {
  return `--cert ${near(material.path(`${name}.crt`))} --key ${near(material.path(`${name}.key`))}`
}

/** Options of `curl`: the CA of the server's certificate. */
export function trusting(material: Pick<Material, 'path'>, ca = 'ca'): string {
  return `--cacert ${near(material.path(`${ca}.crt`))}`
}
