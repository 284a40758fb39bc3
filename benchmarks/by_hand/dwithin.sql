-- PostGIS: distances on the spheroid, among the open centers of the declared country.
CREATE EXTENSION postgis;
CREATE TABLE sites (site_id text, name text, city text, country text, latitude text,
    longitude text, accuracy_m float);
CREATE TABLE centers (center_id text, name text, country text, latitude float, longitude float,
    opens_on date, closes_on date);
\copy sites FROM 'sites.csv' CSV HEADER
\copy centers FROM 'centers.csv' CSV HEADER
CREATE FUNCTION degrees_of(cell text) RETURNS float IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE WHEN cell ~ '^-?\d+([.,]\d+)?$' THEN replace(cell, ',', '.')::float END $$;
CREATE TABLE places AS
    SELECT *, ST_Point(degrees_of(longitude), degrees_of(latitude))::geography AS place FROM sites
    WHERE abs(degrees_of(latitude)) <= 90 AND abs(degrees_of(longitude)) <= 180;
CREATE TABLE opened AS
    SELECT *, ST_Point(longitude, latitude)::geography AS place FROM centers
    WHERE coalesce(opens_on, '-infinity') <= :'day' AND coalesce(closes_on, 'infinity') > :'day';
CREATE INDEX ON opened USING gist (place);
CREATE VIEW report AS
    SELECT site_id, EXISTS (SELECT FROM opened c
        WHERE c.country = s.country AND ST_DWithin(s.place, c.place,
            CASE s.country WHEN 'US' THEN 70 ELSE 50 END * 1609.344)) AS qualified
    FROM places s;
\copy (SELECT * FROM report) TO 'report.csv' CSV HEADER
