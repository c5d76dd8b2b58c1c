/** The name of a flag or a gate for messages. A string that does not look like such a name may be a secret and is not shown. */
export function shownFlag(name: string): string {
  return /^(?=(?:\D*\d){0,3}\D*$)[a-zA-Z\d-]{1,64}$/.test(name) ? name : '?'
}
