/** The solution of the bead `kitchen-units`. */
export default {
  message: 'Add grams and ounces',
  edits: [
    {
      file: 'src/units.js',
      append: `
const GRAMS_PER_OUNCE = 28.349523125;

/** Grams to ounces. */
export function gramsToOunces(grams) {
  return grams / GRAMS_PER_OUNCE;
}

/** Ounces to grams. */
export function ouncesToGrams(ounces) {
  return ounces * GRAMS_PER_OUNCE;
}
`,
    },
    { file: 'test/units.js', search: 'fahrenheitToCelsius }', replace: 'fahrenheitToCelsius, gramsToOunces, ouncesToGrams }' },
    {
      file: 'test/units.js',
      append: `
test('sixteen ounces are a pound', () => {
  assert.equal(ouncesToGrams(16), 453.59237);
  assert.equal(gramsToOunces(453.59237), 16);
});
`,
    },
  ],
};
