/** Its constructor returns the given object, so that a derived class adds its private fields to that object. */
// oxlint-disable-next-line typescript/no-extraneous-class -- there is no other way to give an object of another class a private field
export class Given {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return -- as above
    return object
  }
}
