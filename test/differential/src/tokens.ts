/** The tokens of the token file, and what becomes of columns with odd groups. In latin1, as in all requests: a character for a byte. */
export const TOKEN_FILE: string = Buffer.from(
  `tok-jane,jane,1,"developers,admins"
tok-joe,joe,2
tok-empty,empty,3,""
tok-commas,commas,4,"a,,b,"
tok-blanks,blanks,5," a , b "
tok-twice,first,6,one
tok-twice,second,7,two
"tok,comma",comma,8
"tok""quote",quote,9
tok-\u00fc,\u00fcml\u00e4ut,10,"gr\u00fcppe,\u2603"
tok-known,known,11,"system:authenticated,x"
tok-unknown,unknown,12,system:unauthenticated
tok-anonymous,system:anonymous,13
tok-more,more,14,"a,b",and,more
TOK-CASE,upper,15
tok-case,lower,16
bearer,bearer,17
${'t'.repeat(400)},long,18
`,
).toString('latin1')

/** The first column. */
export const TOKENS: readonly string[] = TOKEN_FILE.split('\n')
  .filter((line) => line !== '')
  .map((line) =>
    (/^"(?:[^"]|"")*"|^[^,]*/.exec(line)?.[0] ?? '').replaceAll(/^"|"$/g, '').replaceAll('""', '"'),
  )
