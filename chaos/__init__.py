"""Everything breaks at random under load: what people were told must still be true, and nothing be there twice."""
