import { relative } from 'node:path'
import type { Material } from './material.ts'

/** A line to paste into a shell, and what it prints. */
export interface Recipe {
  readonly title: string
  readonly command: string
  readonly answer: string
}

/** One for each way to say who you are, and for the ways it can fail. */
export function recipes(material: Material, origin: string): readonly Recipe[] {
  const curl = `curl --silent --show-error --cacert ${quote(relative(process.cwd(), material.caPath))}`
  const refused =
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}'
  return [
    {
      title: 'with a bearer token',
      command: `${curl} --header ${quote(`Authorization: Bearer ${material.secrets.token}`)} ${origin}/whoami`,
      answer: '{"username":"jane","groups":["developers","app1","system:authenticated"]}',
    },
    {
      title: 'with a password',
      command: `${curl} --user ${quote(`joe:${material.secrets.password}`)} ${origin}/whoami`,
      answer: '{"username":"joe","groups":["operators","system:authenticated"]}',
    },
    {
      title: 'anonymously, where that is allowed',
      command: `${curl} ${origin}/healthz`,
      answer: 'ok',
    },
    {
      title: 'anonymously, where it is not',
      command: `${curl} ${origin}/whoami`,
      answer: refused,
    },
    {
      title: 'with a wrong token, which is never taken for anonymous',
      command: `${curl} --header ${quote('Authorization: Bearer wrong')} ${origin}/healthz`,
      answer: refused,
    },
    {
      title: 'with a wrong password',
      command: `${curl} --user ${quote('joe:wrong')} ${origin}/whoami`,
      answer: refused,
    },
  ]
}

/** One word of a POSIX shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
