/** A user of the provider. */
export interface Person {
  readonly email: string
  readonly groups: readonly string[]
}

/** The users, by the name with which they log in. */
export const people: ReadonlyMap<string, Person> = new Map([
  ['jane', { email: 'jane@example.com', groups: ['developers'] }],
  ['joe', { email: 'joe@example.com', groups: ['accounting'] }],
  ['ada', { email: 'ada@example.com', groups: ['admins'] }],
])
