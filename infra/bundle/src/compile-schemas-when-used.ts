import type { Plugin } from 'rolldown';

/**
 * @platformatic/kafka 2.12 compiles some forty JSON schemas when it is loaded, for half a second, to check options with
 * where a client is made `strict`, which ours are not. Each is compiled when it is first asked.
 */
export const compileSchemasWhenUsed: Plugin = {
  name: 'compile-schemas-when-used',
  transform: {
    filter: { id: /@platformatic\/kafka\/dist\/clients\/.*options\.js$/, code: 'ajv.compile(' },
    handler(code) {
      return { code: code.replaceAll('ajv.compile(', 'compileWhenUsed(') + COMPILE_WHEN_USED, map: null };
    },
  },
};

/** As a function declaration it can be called above. A validator leaves what is wrong in its property `errors`. */
const COMPILE_WHEN_USED = `
function compileWhenUsed(schema) {
  let compiled;
  function validate(options) {
    compiled ??= ajv.compile(schema);
    const valid = compiled(options);
    validate.errors = compiled.errors;
    return valid;
  }
  return validate;
}
`;
