# QGIS without its window: points, metres of web maps, the nearest center, a rule on its distance.
qgis_process() {
  qgis_process.bin "$@"
}

points() {
  qgis_process run native:createpointslayerfromtable -- INPUT="$1" XFIELD=longitude YFIELD=latitude \
    TARGET_CRS=EPSG:4326 OUTPUT="$2-4326.gpkg"
  qgis_process run native:reprojectlayer -- INPUT="$2-4326.gpkg" TARGET_CRS=EPSG:3857 OUTPUT="$2.gpkg"
}
points "$1" sites
points "$2" centers
qgis_process run native:joinbynearest -- INPUT=sites.gpkg INPUT_2=centers.gpkg NEIGHBORS=1 \
  FIELDS_TO_COPY=country PREFIX=center_ OUTPUT=joined.gpkg
qgis_process run native:fieldcalculator -- INPUT=joined.gpkg FIELD_NAME=qualified FIELD_TYPE=1 \
  FORMULA="to_int(country = center_country and distance <= if(country = 'US', 70, 50) * 1609.344)" \
  OUTPUT="$3"
