/** A question of the page's visitor: may this user do that? */
export interface Question {
  readonly user: string
  readonly groups: readonly string[]
  readonly verb: string
  readonly resource: string
  readonly name: string
}

/** Reads the question from a query. Missing fields have the values of the example. */
export function questionOf(query: Readonly<Record<string, unknown>>): Question {
  const text = (field: string, otherwise: string): string => {
    const value = query[field]
    return typeof value === 'string' ? value.slice(0, 200) : otherwise
  }
  return {
    user: text('user', 'clark'),
    groups: text('groups', 'reporters')
      .split(',')
      .map((group) => group.trim())
      .filter((group) => group !== ''),
    verb: text('verb', 'impersonate'),
    resource: text('resource', 'users'),
    name: text('name', 'superman'),
  }
}
