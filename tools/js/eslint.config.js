// Rules for the scripts of the map's page, and for their tests.

import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      complexity: ["error", 12],
      curly: ["error", "multi-line"],
      "default-param-last": "error",
      eqeqeq: "error",
      "max-len": ["error", { code: 100 }],
      "max-lines": ["error", 300],
      "no-eval": "error",
      "no-implicit-globals": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-param-reassign": "error",
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-restricted-properties": [
        "error",
        ...["insertAdjacentHTML", "outerHTML", "write", "writeln"].map((property) => ({
          property, message: "No text becomes markup: use textContent.",
        })),
      ],
      "no-restricted-syntax": ["error", {
        selector: "AssignmentExpression[left.property.name=/^(inner|outer)HTML$/]",
        message: "No text becomes markup: use textContent.",
      }],
      "no-shadow": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    files: ["**/assets/*.js"],
    languageOptions: { globals: { ...globals.browser, L: "readonly", geodesic: "readonly" } },
  },
  { files: ["**/tests/**"], languageOptions: { globals: globals.node } },
];
