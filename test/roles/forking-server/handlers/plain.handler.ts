/** A module whose default export is no handler. */
export default class Plain {
  readonly kind: string = "plain";
}
