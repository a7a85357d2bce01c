/** What pg makes of a parameter before it is sent; exported by its package, without a type. */
declare module 'pg/lib/utils.js' {
  const utils: { prepareValue: (value: unknown) => Buffer | string | null };
  export default utils;
}
