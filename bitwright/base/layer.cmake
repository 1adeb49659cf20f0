target_link_libraries(${layer} PUBLIC fmt::fmt tl::expected Threads::Threads)
