/** What a program and the process that bridges its virtual lines tell each other. */

/** An end of a line. */
export type Side = "a" | "b";

/** What the program asks for. */
export type Request = { readonly id: number; readonly line: number } & (
  | { readonly verb: "open"; readonly onClose: "keep" | "hang-up" }
  | { readonly verb: "hang-up"; readonly side: Side | undefined }
  | { readonly verb: "stall" | "resume" | "close" }
);

/** The answer to the request of the same `id`. */
export interface Answer {
  readonly id: number;
  readonly a?: string;
  readonly b?: string;
  readonly error?: string;
}
