//! How small records stand in a body: as arrays of their fields, in a fixed order.

/// Gives a struct the stored shape of an array. Fields after `then` are left out together while all
/// of them have their defaults. Fields after `without` are stored elsewhere.
macro_rules! as_array {
    ($type:ident [$($field:ident),+ $(,)?] $(then [$($more:ident),+ $(,)?])?
        $(without [$($other:ident),+ $(,)?])?) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeSeq;
                let mut list = serializer.serialize_seq(None)?;
                $(list.serialize_element(&self.$field)?;)+
                $(if $(!$crate::array::is_default(&self.$more))||+ {
                    $(list.serialize_element(&self.$more)?;)+
                })?
                list.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(stringify!($type))
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(
                        self,
                        mut list: A,
                    ) -> Result<$type, A::Error> {
                        $(let $field = $crate::array::next(&mut list)?;)+
                        $($(let $more = list.next_element()?.unwrap_or_default();)+)?
                        Ok($type { $($field,)+ $($($more,)+)? $($($other: Default::default(),)+)? })
                    }
                }
                deserializer.deserialize_seq(Fields)
            }
        }
    };
}
pub(crate) use as_array;

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The next item, which must be there.
pub(crate) fn next<'de, A: serde::de::SeqAccess<'de>, T: serde::Deserialize<'de>>(
    list: &mut A,
) -> Result<T, A::Error> {
    use serde::de::Error;
    list.next_element()?.ok_or_else(|| A::Error::custom("too few items"))
}
