// Names on the map: none overlaps another, the important ones stay, a center has its town's name.

import assert from "node:assert/strict";
import test from "node:test";

import { isNamed, labelsOf, placeLabels } from "./labels.js";
import { PLACE_KINDS } from "./places.js";

const WIDTH = 7; // pixels of a letter
const widthOf = ({ text }) => WIDTH * text.length;
const town = (name, x, y, zoom, kind = PLACE_KINDS.town) => (
  { place: { name, zoom, kind }, x, y }
);
const center = (id, x, y, state = "open") => (
  { center: { id, state, opens_on: "2027-01-04" }, x, y }
);
const texts = (labels) => labels.map((l) => l.lines.map((line) => line.text).join("|"));

function overlap(one, other) {
  return one.x < other.x + other.width && other.x < one.x + one.width
    && one.y < other.y + other.height && other.y < one.y + one.height;
}

test("no two of many names overlap, and none covers an obstacle", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const towns = Array.from({ length: 900 }, (_, i) =>
    town(`T${i}`.padEnd(3 + (i % 9), "x"), random() * 900, random() * 600, 2 + (i % 6)));
  const obstacles = [[100, 100, 300, 200]];
  const placed = placeLabels(labelsOf(towns, [], 7, 5), obstacles, widthOf);
  assert.ok(placed.length > 100 && placed.length < 900);
  for (const [i, one] of placed.entries()) {
    assert.ok(!overlap(one, { x: 100, y: 100, width: 200, height: 100 }));
    for (const other of placed.slice(i + 1)) assert.ok(!overlap(one, other));
  }
});

test("a name is beside a site if there is room, and over it if there is none", () => {
  const labels = labelsOf([town("Augsburg", 100, 100, 5)], [], 7, 5);
  const [alone] = placeLabels(labels, [], widthOf);
  const above = [alone.x + 5, alone.y, alone.x + 12, alone.y + 7];
  const [beside] = placeLabels(labels, [], widthOf, [above]);
  assert.ok(!overlap(beside, { x: above[0], y: above[1], width: 7, height: 7 }));
  const [over] = placeLabels(labels, [], widthOf, [[0, 0, 400, 400]]);
  assert.deepEqual([over.x, over.y], [alone.x, alone.y]);
});

test("the more important name stays, a capital before a town of the same zoom", () => {
  const both = [town("Small", 100, 100, 7), town("Large", 100, 100, 4)];
  const [first] = placeLabels(labelsOf(both, [], 8, 5), [], widthOf);
  assert.equal(first.label.lines[0].text, "Large");
  const labels = labelsOf(
    [town("Town", 0, 0, 4), town("Capital", 500, 0, 4, PLACE_KINDS.capital)], [], 5, 5,
  );
  assert.deepEqual(texts(labels), ["Capital", "Town"]);
  assert.equal(labels[0].lines[0].weight, 700);
});

test("a center does not displace the name of its town: both are one label", () => {
  const labels = labelsOf([town("Chicago", 103, 98, 4)], [center("US-CHI-1", 100, 100)], 8, 5);
  assert.deepEqual(texts(labels), ["Chicago|US-CHI-1"]);
  const far = labelsOf([town("Chicago", 103, 98, 4)], [center("US-CHI-1", 100, 100)], 5, 5);
  assert.deepEqual(texts(far), ["Chicago"]); // ids are named from zoom 7
  const placed = placeLabels(far, [[95, 95, 105, 105]], widthOf);
  assert.equal(placed.length, 1); // clear of the center's mark
});

test("of two centers in a town, one has its name and both have their ids", () => {
  const two = [center("A", 100, 100), center("B", 110, 100)];
  const labels = labelsOf([town("Munich", 104, 100, 5)], two, 9, 5);
  assert.deepEqual(texts(labels).sort(), ["B", "Munich|A"]);
});

test("a planned center says when it opens", () => {
  const planned = [center("PL-1", 0, 0, "planned")];
  assert.deepEqual(texts(labelsOf([], planned, 5, 5)), ["opens 2027-01-04"]);
  assert.deepEqual(texts(labelsOf([], planned, 8, 5)), ["PL-1, opens 2027-01-04"]);
  assert.deepEqual(texts(labelsOf([], planned, 3, 5)), []);
});

test("names come with their zoom, those of countries go again", () => {
  const country = { zoom: 3, kind: PLACE_KINDS.country };
  assert.deepEqual([2, 3, 6, 7].map((zoom) => isNamed(country, zoom)), [false, true, true, false]);
  assert.ok(isNamed({ zoom: 3, kind: PLACE_KINDS.town }, 12));
});
